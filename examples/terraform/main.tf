data "archive_file" "function" {
  type        = "zip"
  source_dir  = "${path.module}/../lambda"
  output_path = "${path.module}/function.zip"
}

resource "aws_lambda_function" "chat" {
  function_name    = "litellm-chat"
  role             = aws_iam_role.chat.arn
  runtime          = "nodejs22.x"
  architectures    = [var.architecture]
  handler          = "handler.handler"
  filename         = data.archive_file.function.output_path
  source_code_hash = data.archive_file.function.output_base64sha256
  layers           = [var.layer_zip == null ? local.published : aws_lambda_layer_version.litellm[0].arn]
  memory_size      = 1769 # MB; one whole CPU, so that Python starts fast. 512 at the least
  timeout          = 120  # s

  environment {
    variables = {
      SECRET_ID = var.secret_name
    }
  }
}

resource "aws_lambda_function_url" "chat" {
  function_name      = aws_lambda_function.chat.function_name
  authorization_type = "AWS_IAM" # callers sign; with NONE everybody may call, on your account
  invoke_mode        = "RESPONSE_STREAM"
}

output "url" {
  value = aws_lambda_function_url.chat.function_url
}
