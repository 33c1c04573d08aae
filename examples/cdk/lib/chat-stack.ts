import * as path from 'node:path';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { LiteLLMLayer } from './litellm-layer';

export interface ChatStackProps extends StackProps {
  readonly architecture: lambda.Architecture;
  /** Name of a secret with {"OPENAI_API_KEY": "…"}. */
  readonly secretName: string;
  /** What `layer publish` wrote; else the zip of `layer build` is uploaded with the stack. */
  readonly published?: string;
}

/** A function that streams chats, behind a URL. */
export class ChatStack extends Stack {
  constructor(scope: Construct, id: string, props: ChatStackProps) {
    super(scope, id, props);
    const { architecture, published, secretName } = props;
    const layer = published
      ? LiteLLMLayer.fromPublished(this, 'LiteLLM', { architecture, file: published })
      : new LiteLLMLayer(this, 'LiteLLM', { architecture });
    const chat = new lambda.Function(this, 'Chat', {
      runtime: lambda.Runtime.NODEJS_22_X,
      architecture,
      handler: 'handler.handler',
      code: lambda.Code.fromAsset(path.join(__dirname, '..', '..', 'lambda')),
      layers: [layer],
      memorySize: 1769, // MB; one whole CPU, so that Python starts fast. 512 at the least
      timeout: Duration.seconds(120),
      environment: { SECRET_ID: secretName },
    });
    secrets.Secret.fromSecretNameV2(this, 'Keys', secretName).grantRead(chat);
    // Callers sign; with NONE everybody may call, on your account.
    const url = chat.addFunctionUrl({
      authType: lambda.FunctionUrlAuthType.AWS_IAM,
      invokeMode: lambda.InvokeMode.RESPONSE_STREAM,
    });
    new CfnOutput(this, 'Url', { value: url.url });
  }
}
