// So many at once, the others in the order in which they came.

export class Turns {
  #free;
  #waiting = [];

  constructor(atOnce) {
    this.#free = atOnce;
  }

  /** Runs `work` when it is its turn. Returns what it returns, throws what it throws. */
  async take(work) {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next(); // the place goes to it directly: nobody slips in between
      else this.#free += 1;
    }
  }
}
