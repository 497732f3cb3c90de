/** Why a file cannot be used, and what to do. */
export class Unreadable extends Error {
  constructor(what, todo) {
    super(`${what}. ${todo}.`);
  }
}
