# A version of the layer that belongs to this state, where layer_zip names its zip.
resource "aws_lambda_layer_version" "litellm" {
  count = var.layer_zip == null ? 0 : 1

  layer_name               = "litellm"
  filename                 = var.layer_zip
  source_code_hash         = filebase64sha256(var.layer_zip)
  compatible_architectures = [var.architecture]
  compatible_runtimes      = ["nodejs20.x", "nodejs22.x", "nodejs24.x"]
  skip_destroy             = true # other functions may use it
}
