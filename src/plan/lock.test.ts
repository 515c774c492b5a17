import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import {
  emptyLock,
  formatLock,
  type Lock,
  lockFile,
  mergeLocks,
  nextVersionNumber,
  parseLock,
  readLock,
  withVersion,
  writeLock,
} from './lock.ts'

const digest = (letter: string) => letter.repeat(64)
const lock = (versions: Readonly<Record<string, string>>): Lock => ({ format: 1, versions })
const folders: string[] = []

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true })
})

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'noonmark-lock-'))
  folders.push(made)
  return made
}

describe('noonmark.lock', () => {
  it('has one line a version, in order of model and number', () => {
    const text = formatLock(lock({ 'b:1': digest('c'), 'a:10': digest('a'), 'a:9': digest('b') }))
    expect(text).toBe(
      `{\n  "format": 1,\n  "versions": {\n    "a:9": "${digest('b')}",\n    "a:10": "${digest('a')}",\n    "b:1": "${digest('c')}"\n  }\n}\n`,
    )
  })

  it('is read as it was written, whatever the order of its lines', () => {
    const entry = fc.tuple(
      fc.constantFrom('a', 'b-c', 'd_e'),
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom('0', 'f'),
    )
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ([model, number]) => `${model}:${number}` }), (entries) => {
        const versions = Object.fromEntries(
          entries.map(([model, number, letter]) => [`${model}:${number}`, digest(letter)]),
        )
        expect(parseLock(formatLock(lock(versions)))).toEqual(lock(versions))
        const backwards = Object.fromEntries(Object.entries(versions).reverse())
        expect(formatLock(lock(backwards))).toBe(formatLock(lock(versions)))
      }),
    )
  })

  it('is empty where there is no file, and leaves nothing but itself behind', async () => {
    const root = await folder()
    expect(await readLock(root)).toEqual(emptyLock)
    const written = withVersion(emptyLock, 'late:1', digest('a'))
    await writeLock(root, written)
    await writeLock(root, withVersion(written, 'late:2', digest('b')))
    expect(Object.keys((await readLock(root)).versions)).toEqual(['late:1', 'late:2'])
    expect(await readdir(root)).toEqual([lockFile])
    expect(await readFile(join(root, lockFile), 'utf8')).toMatch(/\n$/)
  })

  it.each<[string, string, string]>([
    ['no JSON', '{', 'lock_invalid'],
    ['a merge conflict', '<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n', 'lock_invalid'],
    ['a later format', '{"format":2,"versions":{}}', 'lock_invalid'],
    ['no versions', '{"format":1}', 'lock_invalid'],
    ['a name that is no version', `{"format":1,"versions":{"late":"${digest('a')}"}}`, 'lock_invalid'],
    ['a digest that is none', '{"format":1,"versions":{"late:1":"abc"}}', 'lock_invalid'],
    [
      'two digests for one number, which JSON would hide',
      `{"format":1,"versions":{"late:1":"${digest('a')}",\n"late:1":"${digest('b')}"}}`,
      'version_conflict',
    ],
  ])('is refused with %s', async (_what, text, code) => {
    const root = await folder()
    await writeFile(join(root, lockFile), text)
    await expect(readLock(root)).rejects.toMatchObject({ code })
  })
})

describe('the number of a version', () => {
  it('is one more than lock and registry know', () => {
    const known = lock({ 'late:3': digest('a'), 'later:9': digest('b') })
    expect(nextVersionNumber(known, [1, 2], 'late')).toBe(4)
    expect(nextVersionNumber(known, [1, 7], 'late')).toBe(8)
    expect(nextVersionNumber(known, [], 'early')).toBe(1)
  })

  it('never means two things', () => {
    const known = lock({ 'late:3': digest('a') })
    expect(withVersion(known, 'late:3', digest('a'))).toEqual(known)
    expect(() => withVersion(known, 'late:3', digest('b'))).toThrow(
      expect.objectContaining({ code: 'version_conflict' }),
    )
    expect(() => withVersion(known, 'late', digest('b'))).toThrow(expect.objectContaining({ code: 'lock_invalid' }))
  })

  it('survives a merge of two branches, unless both gave it', () => {
    const ours = lock({ 'late:1': digest('a'), 'late:2': digest('b') })
    expect(mergeLocks(ours, lock({ 'late:1': digest('a'), 'early:1': digest('c') }))).toEqual(
      lock({ 'early:1': digest('c'), 'late:1': digest('a'), 'late:2': digest('b') }),
    )
    expect(() => mergeLocks(ours, lock({ 'late:2': digest('c') }))).toThrow(
      expect.objectContaining({ code: 'version_conflict', message: expect.stringContaining('late:2') }),
    )
  })
})
