'use strict';

/** Who else may use a version of a layer. Statements are named by whom they are for, and made once. */

const { lambdaSdk } = require('./sdk');

const ACTION = 'lambda:GetLayerVersion';

/**
 * @typedef {object} Grant
 * @property {string} id of the statement
 * @property {string} principal an account, or * for all
 * @property {string} [organisation] then only those of it
 */

/**
 * @param {{ accounts?: string[], organisation?: string, everybody?: boolean }} whom
 * @returns {Grant[]}
 */
function grantsFor({ accounts = [], organisation, everybody }) {
  const grants = accounts.map((principal) => ({ id: `account-${principal}`, principal }));
  const all = organisation ? [{ id: `organisation-${organisation}`, principal: '*', organisation }] : [];
  return [...grants, ...all, ...(everybody ? [{ id: 'public', principal: '*' }] : [])];
}

/** @returns {Promise<Set<string>>} the ids of the statements that are there */
async function statements(client, place) {
  const { GetLayerVersionPolicyCommand } = lambdaSdk();
  try {
    const { Policy = '{}' } = await client.send(new GetLayerVersionPolicyCommand(place));
    return new Set((JSON.parse(Policy).Statement ?? []).map(({ Sid }) => Sid));
  } catch (error) {
    if (error.name === 'ResourceNotFoundException') return new Set(); // no policy yet
    throw error;
  }
}

/** @param {any} client @param {object} place @param {Grant} grant */
async function add(client, place, grant) {
  const { id, principal, organisation } = grant;
  const { AddLayerVersionPermissionCommand } = lambdaSdk();
  const whom = { StatementId: id, Principal: principal, OrganizationId: organisation };
  try {
    await client.send(new AddLayerVersionPermissionCommand({ ...place, Action: ACTION, ...whom }));
  } catch (error) {
    if (error.name !== 'ResourceConflictException') throw error; // somebody else was first
  }
}

/**
 * @param {import('@aws-sdk/client-lambda').LambdaClient} client
 * @param {string} name of the layer
 * @param {number} version
 * @param {Grant[]} grants
 * @param {{ dry?: boolean }} [options]
 * @returns {Promise<string[]>} the ids of those that were missing
 */
async function grant(client, name, version, grants, { dry = false } = {}) {
  if (grants.length === 0) return [];
  const place = { LayerName: name, VersionNumber: version };
  const present = await statements(client, place);
  const missing = grants.filter(({ id }) => !present.has(id));
  if (!dry) for (const one of missing) await add(client, place, one);
  return missing.map(({ id }) => id);
}

module.exports = { grant, grantsFor };
