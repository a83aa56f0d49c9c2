// One picture: its file, and what has become of it.

import { Failed, predict, Problem, Unreachable } from "./ask.js";
import { Turns } from "./turns.js";

const turns = new Turns(4); // enough to keep the service busy, few enough to leave it to others

// waiting -> asked (-> busy -> asked ...) -> answered, refused, gone (no service) or locked (no key)
const SETTLED = ["answered", "refused"];

export class Picture {
  state = "waiting";
  answer = null; // of /predict
  problem = null; // {title, detail}, where there is no answer
  explanation = null; // of /explain, once it was asked for
  #gone = new AbortController();

  constructor(file) {
    this.file = file;
    this.name = file.name || "picture";
  }

  get isSettled() {
    return SETTLED.includes(this.state);
  }

  /** Asks the service, when it is this picture's turn. Calls `onChange` at each step. */
  async ask(onChange) {
    const { signal } = this.#gone;
    const become = (state, more = {}) => {
      if (signal.aborted) return;
      Object.assign(this, { state, problem: null, ...more });
      onChange(this);
    };
    const onWait = (left, problem) =>
      left ? become("busy", { problem, waitS: left }) : become("asked");
    become("waiting");
    await turns.take(async () => {
      if (signal.aborted) return;
      become("asked");
      try {
        become("answered", { answer: await predict(this.file, { signal, onWait }) });
      } catch (error) {
        if (!signal.aborted) become(...outcome(error));
      }
    });
  }

  /** Forgets the question, wherever it is. */
  abandon() {
    this.#gone.abort();
  }
}

function outcome(error) {
  if (error instanceof Unreachable) {
    const detail = "It got no answer: the service cannot be reached.";
    return ["gone", { problem: { title: "No connection", detail } }];
  }
  const isKnown = error instanceof Problem || error instanceof Failed;
  if (!isKnown) throw error; // a bug of this page: the console tells
  return [error.status === 401 ? "locked" : "refused", { problem: error }];
}
