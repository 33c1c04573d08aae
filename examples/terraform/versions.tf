# A function that streams chats:
#   npm install --prefix ../lambda litellm-bridge
#   npm install --no-save litellm-bridge @aws-sdk/client-lambda     (for the commands, not for the function)
#   npx litellm-bridge layer build --arch arm64
#   npx litellm-bridge layer publish --regions eu-west-1 --output layers.json
#   terraform init && terraform apply
terraform {
  required_version = ">= 1.5"

  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = ">= 2.4"
    }
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40"
    }
  }
}

provider "aws" {
  region = var.region
}
