variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "architecture" {
  description = "Of the function and of the layer."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "Lambda has x86_64 and arm64."
  }
}

variable "layers_file" {
  description = "What `litellm-bridge layer publish` wrote."
  type        = string
  default     = "layers.json"
}

variable "layer_zip" {
  description = "The zip of `litellm-bridge layer build`, to publish it with this state; null: a published version is used."
  type        = string
  default     = null
}

variable "secret_name" {
  description = "A secret of Secrets Manager with {\"OPENAI_API_KEY\": \"...\"}."
  type        = string
  default     = "litellm-chat/keys"
}
