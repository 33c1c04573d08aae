# The version that `layer publish` made, for this architecture and region.
locals {
  published = var.layer_zip == null ? jsondecode(file(var.layers_file)).layers.litellm[var.architecture][var.region].arn : null
}
