'use strict';

/** A layer's zip in S3, from where Lambda reads what is too large to be sent to it. */

const { CommandError } = require('../../error');
const { checkName } = require('./names');
const { s3Client, s3Sdk } = require('./sdk');
const { toBase64 } = require('./versions');

const TEMPLATE = "--s3-bucket 'my-layers-{region}', or --s3-bucket eu-west-1=one,us-east-1=another";

/**
 * @param {string} option one name, one with {region} in it, or REGION=NAME,…
 * @param {string} region
 * @returns {string}
 * @throws {CommandError} when the option names none for the region
 */
function bucketOf(option, region) {
  if (!option.includes('=')) return checkName('bucket', option.replaceAll('{region}', region));
  const pairs = new Map(option.split(',').map((pair) => /** @type {any} */ (pair.trim().split('='))));
  const name = pairs.get(region);
  if (name !== undefined) return checkName('bucket', name);
  throw new CommandError(
    `--s3-bucket names no bucket for ${region}`,
    `Name one for each region: ${TEMPLATE}`,
  );
}

/** @returns {CommandError} */
function wrongRegion(bucket, found, region) {
  const where = found ? `is in ${found}` : 'is in another region';
  return new CommandError(
    `The bucket ${bucket} ${where}; Lambda in ${region} reads only from buckets there`,
    `Name a bucket for each region: ${TEMPLATE}`,
  );
}

/** Throws unless the bucket is there, ours, and in the region. */
async function checkBucket(client, bucket, region) {
  const { HeadBucketCommand } = s3Sdk();
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: bucket }));
    if (BucketRegion && BucketRegion !== region) throw wrongRegion(bucket, BucketRegion, region);
  } catch (error) {
    const status = error.$metadata?.httpStatusCode;
    if (status === 301) throw wrongRegion(bucket, error.$response?.headers?.['x-amz-bucket-region'], region);
    if (status !== 404) throw error;
    const hint = `Make it: aws s3 mb s3://${bucket} --region ${region}, or name another: ${TEMPLATE}`;
    throw new CommandError(`There is no bucket ${bucket}`, hint, { cause: error });
  }
}

/** Whether it is there with these bytes, by the hash that S3 checked when it was uploaded. */
async function isUploaded(client, place, sha256) {
  const { HeadObjectCommand } = s3Sdk();
  try {
    const request = new HeadObjectCommand({ ...place, ChecksumMode: 'ENABLED' });
    return (await client.send(request)).ChecksumSHA256 === sha256;
  } catch (error) {
    if (error.$metadata?.httpStatusCode === 404) return false;
    throw error;
  }
}

/**
 * Where the zip is, or is to be: its key is its hash, so that it is uploaded once.
 * @param {string} name of the layer
 * @param {{ sha256: string }} layer
 */
const keyOf = (name, layer) => `litellm-bridge/${name}/${layer.sha256}.zip`;

/**
 * Brings the zip to the bucket unless it is there; what is there with other bytes is replaced.
 * @param {string} bucket
 * @param {string} region
 * @param {string} name of the layer
 * @param {import('./region').Layer} layer
 * @returns {Promise<{ S3Bucket: string, S3Key: string }>}
 */
async function upload(bucket, region, name, layer) {
  const client = s3Client(region);
  const place = { Bucket: bucket, Key: keyOf(name, layer) };
  try {
    await checkBucket(client, bucket, region);
    const sha256 = toBase64(layer.sha256);
    if (!(await isUploaded(client, place, sha256))) {
      const { PutObjectCommand } = s3Sdk();
      const checksum = { ChecksumAlgorithm: /** @type {const} */ ('SHA256'), ChecksumSHA256: sha256 };
      const content = { Body: layer.content, ContentType: 'application/zip' };
      await client.send(new PutObjectCommand({ ...place, ...checksum, ...content }));
    }
    return { S3Bucket: place.Bucket, S3Key: place.Key };
  } finally {
    client.destroy();
  }
}

/** Throws unless the bucket would do; nothing is uploaded. */
async function probe(bucket, region) {
  const client = s3Client(region);
  await checkBucket(client, bucket, region).finally(() => client.destroy());
}

module.exports = { bucketOf, probe, upload };
