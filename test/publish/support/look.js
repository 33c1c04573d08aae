'use strict';

/** Looks at the stand-in for AWS with the SDK itself, and makes what a test needs there. */

const Lambda = require('@aws-sdk/client-lambda');
const S3 = require('@aws-sdk/client-s3');

const ROLE = 'arn:aws:iam::123456789012:role/test';
const settings = (aws, region) => ({
  region,
  endpoint: aws.url,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

/** @returns {Lambda.LambdaClient} */
const lambda = (aws, region) => new Lambda.LambdaClient(settings(aws, region));
const s3 = (aws, region) => new S3.S3Client({ ...settings(aws, region), forcePathStyle: true });

/** Oldest first. */
async function versions(aws, region, name = 'litellm') {
  const { LayerVersions = [] } = await lambda(aws, region).send(
    new Lambda.ListLayerVersionsCommand({ LayerName: name }),
  );
  return LayerVersions.sort((a, b) => a.Version - b.Version);
}

/** One version, with its hash and size. */
function version(aws, region, number, name = 'litellm') {
  return lambda(aws, region).send(
    new Lambda.GetLayerVersionCommand({ LayerName: name, VersionNumber: number }),
  );
}

/** A version with bytes of the test's own. */
async function publishBytes(aws, region, bytes, description, name = 'litellm') {
  await lambda(aws, region).send(
    new Lambda.PublishLayerVersionCommand({
      LayerName: name,
      Description: description,
      Content: { ZipFile: bytes },
      CompatibleRuntimes: ['nodejs22.x'],
      CompatibleArchitectures: ['x86_64'],
    }),
  );
}

async function remove(aws, region, number, name = 'litellm') {
  const place = { LayerName: name, VersionNumber: number };
  await lambda(aws, region).send(new Lambda.DeleteLayerVersionCommand(place));
}

/** Statements of a version's policy: `{ Sid, Principal, Condition }`. */
async function statements(aws, region, number, name = 'litellm') {
  const { Policy } = await lambda(aws, region).send(
    new Lambda.GetLayerVersionPolicyCommand({ LayerName: name, VersionNumber: number }),
  );
  return JSON.parse(Policy).Statement;
}

async function makeBucket(aws, region, name) {
  const where = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region } };
  await s3(aws, region).send(new S3.CreateBucketCommand({ Bucket: name, ...where }));
}

async function keys(aws, region, bucket) {
  const { Contents = [] } = await s3(aws, region).send(new S3.ListObjectsV2Command({ Bucket: bucket }));
  return Contents.map(({ Key }) => Key);
}

async function putObject(aws, region, bucket, key, body) {
  await s3(aws, region).send(new S3.PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
}

/** moto looks for a function's role. */
async function makeRole(aws) {
  const scope = 'Credential=test/20260101/us-east-1/iam/aws4_request';
  await fetch(aws.url, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0` },
    body: new URLSearchParams({
      Action: 'CreateRole',
      Version: '2010-05-08',
      RoleName: 'test',
      AssumeRolePolicyDocument: '{}',
    }),
  });
}

/** @param {object} [settings] over those of a small Node function */
async function makeFunction(aws, region, name, settings = {}) {
  await makeRole(aws); // refused from the second time on
  const code = { ZipFile: Buffer.from('not looked into') };
  const base = { FunctionName: name, Runtime: 'nodejs22.x', Handler: 'a.b', Role: ROLE, Code: code };
  await lambda(aws, region).send(
    new Lambda.CreateFunctionCommand({ ...base, MemorySize: 1024, ...settings }),
  );
}

/** @returns {Promise<string>} its ARN, with the version */
async function publishFunction(aws, region, name) {
  return (await lambda(aws, region).send(new Lambda.PublishVersionCommand({ FunctionName: name })))
    .FunctionArn;
}

async function layersOf(aws, region, name) {
  const { Layers = [] } = await lambda(aws, region).send(
    new Lambda.GetFunctionConfigurationCommand({ FunctionName: name }),
  );
  return Layers.map(({ Arn }) => Arn);
}

async function setLayers(aws, region, name, arns) {
  await lambda(aws, region).send(
    new Lambda.UpdateFunctionConfigurationCommand({ FunctionName: name, Layers: arns }),
  );
}

module.exports = {
  keys,
  lambda,
  layersOf,
  makeBucket,
  makeFunction,
  publishBytes,
  publishFunction,
  putObject,
  remove,
  setLayers,
  statements,
  version,
  versions,
};
