/** The mistake of writing to the store from within a transaction's work, which would wait for itself. */
export function nestedError(): Error {
  return new Error('A transaction is under way here: use it, and not the store, inside its work.')
}

/** The mistake of using a transaction after its work ended. */
export function endedError(): Error {
  return new Error('This transaction has ended.')
}
