import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestJson } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import { isMissing, syncFolder } from '../segment/index.ts'
import type { DtypeName } from '../values/index.ts'

/**
 * What the lists in a prediction record mean, place by place. It is written once, beside the segments, under its digest, and
 * each record names it: the digest of every feature stands in the log without standing in every record.
 */
export interface PredictionContract {
  readonly format: 1
  readonly project: string
  readonly moment: string
  readonly model: string
  readonly key: readonly ContractField[]
  readonly entities: readonly {
    readonly role: string
    readonly entity: string
    readonly key: readonly ContractField[]
  }[]
  readonly request: readonly ContractField[]
  readonly features: readonly {
    readonly role: string
    readonly view: string
    readonly feature: string
    readonly source: string
    readonly type: DtypeName
    /** What the feature means. */
    readonly digest: Digest
  }[]
  readonly derived: readonly { readonly name: string; readonly type: DtypeName; readonly code: Digest }[]
}

/** A name and a type. */
export interface ContractField {
  readonly name: string
  readonly type: DtypeName
}

const pathOf = (folder: string, digest: Digest) => join(folder, 'contracts', `${digest}.json`)

/** Keeps a contract, durable when this resolves. The same contract twice is one file. */
export async function writeContract(folder: string, contract: PredictionContract): Promise<Digest> {
  const digest = digestJson(contract)
  const path = pathOf(folder, digest)
  await mkdir(join(folder, 'contracts'), { recursive: true })
  if ((await readFile(path, 'utf8').catch(() => null)) === null) {
    const partial = `${path}.${process.pid}.partial`
    const handle = await open(partial, 'w')
    try {
      await handle.writeFile(JSON.stringify(contract))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(partial, path)
  }
  // Also where another process wrote it: its name may not be on disk yet.
  await syncFolder(join(folder, 'contracts'))
  await syncFolder(folder)
  return digest
}

/** Reads a contract and holds its content against its digest. Raises `segment_damaged` where it is gone or changed. */
export async function readContract(folder: string, digest: Digest): Promise<PredictionContract> {
  const path = pathOf(folder, digest)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) throw damaged(path, 'is missing')
    throw error
  })
  const contract = parsed(text)
  if (contract === null || digestJson(contract) !== digest) throw damaged(path, 'was changed')
  return contract as PredictionContract // its digest says that we wrote it
}

function damaged(path: string, what: string) {
  return noonmarkError('segment_damaged', { message: `The contract ${path} of logged predictions ${what}.`, path })
}

/** Null where the text is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
