'use strict';

/** How many wait, and whether the port is calling back just now. */
const WAITING = 0;
const CALLED_BACK = 1;

/**
 * Keeps this thread's event loop exactly while somebody waits. A port shares the two numbers:
 * after it has called back, it looks itself, since to tell it costs more than to count, and a
 * reader who is handed a chunk mostly waits for the next one at once.
 */
class LoopHold {
  #numbers = numbers(0);
  #settle = () => {};

  /**
   * From now on it is another port, which may be made while the one before calls back.
   * @template {{ settle(): void }} Port settle: makes the loop stay or not, as the numbers say
   * @param {(numbers: Uint32Array) => Port} make
   * @returns {Port}
   */
  connect(make) {
    this.#numbers = numbers(this.#numbers[WAITING]);
    const port = make(this.#numbers);
    this.#settle = () => port.settle();
    port.settle();
    return port;
  }

  /** Somebody waits: the event loop stays. To be paired with `release`. */
  hold() {
    if (++this.#numbers[WAITING] === 1 && this.#numbers[CALLED_BACK] === 0) this.#settle();
  }

  release() {
    if (--this.#numbers[WAITING] === 0 && this.#numbers[CALLED_BACK] === 0) this.#settle();
  }
}

/** Off V8's heap, so that they do not move. @param {number} waiting */
function numbers(waiting) {
  const made = new Uint32Array(new ArrayBuffer(2 * Uint32Array.BYTES_PER_ELEMENT));
  made[WAITING] = waiting;
  return made;
}

module.exports = { LoopHold };
