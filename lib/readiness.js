'use strict';

/** Who waits for a Python that is ready. */

class Readiness {
  /** @type {Set<{ reach(): void, fail(error: unknown): void }>} */
  #waiters = new Set();

  /**
   * @param {import('./call').Owner['operations']} operations what the waiting instance's `close()`
   *   has to end: this, while it waits
   * @returns {Promise<void>}
   */
  async wait(operations) {
    /** @type {any} */
    const waiter = {};
    const reached = new Promise((resolve, reject) => Object.assign(waiter, { reach: resolve, fail: reject }));
    this.#waiters.add(waiter);
    operations.add(waiter);
    try {
      await reached;
    } finally {
      this.#waiters.delete(waiter);
      operations.delete(waiter);
    }
  }

  reach() {
    for (const waiter of this.#waiters) waiter.reach();
  }

  /** @param {unknown} error */
  fail(error) {
    for (const waiter of this.#waiters) waiter.fail(error);
  }
}

module.exports = { Readiness };
