// Requests to the service, and what may become of them. Every error is one of three.

import { bearing, keptKey } from "./key.js";

const MOST_TRIES = 8; // with the waits below: some three minutes
const LONGEST_WAIT_S = 30;

/** The service said no, in its own words (RFC 9457), to who came with `key`; null is none. */
export class Problem extends Error {
  constructor({ status, title, detail, retryAfterS, key }) {
    super(detail);
    Object.assign(this, { status, title, detail, retryAfterS, key });
  }
}

/** No answer came: the service is gone, or the way to it. */
export class Unreachable extends Error {}

/** Nothing wrong with the service, and still no answer. */
export class Failed extends Error {
  constructor(title, detail) {
    super(detail);
    Object.assign(this, { title, detail });
  }
}

/** What the service predicts for a file, which goes as it is: scaling it would change the answer. */
export async function predict(file, { signal, onWait }) {
  return patiently(() => post("/predict", file, signal), signal, onWait);
}

/** What the network saw in a file. */
export async function explain(file, { signal, onWait }) {
  return patiently(() => post("/explain", file, signal), signal, onWait);
}

/** GET a path: the response, which is good. */
export async function get(path, signal) {
  return send(path, { signal });
}

async function post(path, file, signal) {
  const type = file.type || "application/octet-stream";
  const headers = { "Content-Type": type };
  try {
    const response = await send(path, { method: "POST", body: file, headers, signal });
    return await response.json();
  } catch (error) {
    if (error instanceof Problem || signal.aborted) throw error;
    if (!(await isReadable(file))) {
      throw new Failed("It cannot be read", "The file was moved or changed. Choose it again.");
    }
    if (await isAlive()) {
      throw new Failed("The connection broke off", "It did while this picture was being sent.");
    }
    throw new Unreachable();
  }
}

/** Sends the key along; again, where it is refused and another has been given meanwhile. */
async function send(path, { headers = {}, ...options }) {
  for (;;) {
    const key = keptKey();
    let response;
    try {
      response = await fetch(path, { ...options, headers: { ...headers, ...bearing(key) } });
    } catch (error) {
      throw options.signal?.aborted ? error : new Unreachable();
    }
    if (response.ok) return response;
    const problem = await problemOf(response, key);
    const isLate = keptKey() !== null && keptKey() !== key;
    if (problem.status !== 401 || !isLate) throw problem;
  }
}

async function problemOf(response, key) {
  const retryAfterS = Number(response.headers.get("Retry-After")) || null;
  const { status } = response;
  try {
    const { title, detail } = await response.json();
    if (title && detail) return new Problem({ status, title, detail, retryAfterS, key });
  } catch {
    // Something before the service answered, such as a proxy: it has other words.
  }
  const detail = "What answered was not the service itself, and gave no reason.";
  return new Problem({ status, title: `Status ${status}`, detail, retryAfterS, key });
}

/** Tries again after 429 and 503, and says each second how long that is still away. */
async function patiently(request, signal, onWait) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await request();
    } catch (error) {
      const isBusy = error instanceof Problem && [429, 503].includes(error.status);
      if (!isBusy || !error.retryAfterS || tries === MOST_TRIES) throw error;
      const waitS = Math.min(error.retryAfterS * 2 ** (tries - 1), LONGEST_WAIT_S);
      for (let left = waitS; left > 0; left -= 1) {
        onWait(left, error);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        signal.throwIfAborted();
      }
      onWait(0, error);
    }
  }
}

async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function isAlive() {
  const response = await fetch("/livez").catch(() => null);
  return response?.ok ?? false;
}
