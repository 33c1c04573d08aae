// A function that streams chats:
//   npm install
//   npm install --prefix ../lambda litellm-bridge
//   npx litellm-bridge layer build --arch arm64
//   npx cdk deploy      (-c arch=x86_64, -c region=us-east-1, -c published=layers.json, -c secret=NAME)
import { App } from 'aws-cdk-lib';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { ChatStack } from '../lib/chat-stack';

const app = new App();
const given = (name: string): string | undefined => app.node.tryGetContext(name);

new ChatStack(app, 'LiteLLMChat', {
  architecture: given('arch') === 'x86_64' ? Architecture.X86_64 : Architecture.ARM_64,
  env: {
    region: given('region') ?? process.env.CDK_DEFAULT_REGION,
    account: process.env.CDK_DEFAULT_ACCOUNT,
  },
  published: given('published'),
  secretName: given('secret') ?? 'litellm-chat/keys',
});
