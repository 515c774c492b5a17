import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** A SHA-256 digest in lower-case hexadecimal. */
export type Digest = string

/** The digest of bytes. */
export function digestBytes(...parts: readonly (Uint8Array | string)[]): Digest {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** The digest of a JSON value in its canonical form (RFC 8785): key order and white space do not matter. */
export function digestJson(value: unknown): Digest {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('a value without JSON has no digest')
  return digestBytes(text)
}
