import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

export interface LiteLLMLayerProps {
  /** Of the functions that use it. Default: x86_64. */
  readonly architecture?: lambda.Architecture;
  /** What `litellm-bridge layer build` made, its --out. Default: litellm-layer, below the current folder. */
  readonly folder?: string;
}

export interface PublishedLayerProps {
  /** Of the functions that use it. Default: x86_64. */
  readonly architecture?: lambda.Architecture;
  /** What `litellm-bridge layer publish` wrote. Default: litellm-layer/layers.json. */
  readonly file?: string;
  /** The layer's --name. Default: litellm. */
  readonly name?: string;
}

const FOLDER = 'litellm-layer';
const RUNTIMES = [
  lambda.Runtime.NODEJS_20_X,
  lambda.Runtime.NODEJS_22_X,
  new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS),
];

/** Python with LiteLLM for Node functions: from the zip of `layer build`, uploaded with the stack. */
export class LiteLLMLayer extends lambda.LayerVersion {
  constructor(scope: Construct, id: string, props: LiteLLMLayerProps = {}) {
    const { architecture = lambda.Architecture.X86_64, folder = FOLDER } = props;
    const zip = path.resolve(folder, `litellm-layer-${architecture.name}.zip`);
    if (!existsSync(zip)) {
      throw new Error(
        `There is no ${zip}. Build it: npx litellm-bridge layer build --arch ${architecture.name}`,
      );
    }
    super(scope, id, {
      code: lambda.Code.fromAsset(zip),
      compatibleArchitectures: [architecture],
      compatibleRuntimes: RUNTIMES,
      description: 'Python with LiteLLM, by litellm-bridge',
      removalPolicy: RemovalPolicy.RETAIN, // functions of other stacks may use it
    });
  }

  /** A version that `layer publish` made, in the stack's region. The stack must name its region. */
  static fromPublished(scope: Construct, id: string, props: PublishedLayerProps = {}): lambda.ILayerVersion {
    const { architecture = lambda.Architecture.X86_64, name = 'litellm' } = props;
    const file = props.file ?? path.join(FOLDER, 'layers.json');
    const { region } = Stack.of(scope);
    if (Token.isUnresolved(region)) throw new Error(`${id}: give the stack a region: env: { region: '…' }`);
    const { layers } = JSON.parse(readFileSync(file, 'utf8'));
    const arn = layers[name]?.[architecture.name]?.[region]?.arn;
    if (arn === undefined) {
      const command = `npx litellm-bridge layer publish --name ${name} --arch ${architecture.name} --regions ${region}`;
      throw new Error(
        `${file} has no layer ${name} for ${architecture.name} in ${region}. Publish it: ${command}`,
      );
    }
    return lambda.LayerVersion.fromLayerVersionAttributes(scope, id, {
      layerVersionArn: arn,
      compatibleRuntimes: RUNTIMES,
    });
  }
}
