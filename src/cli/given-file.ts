import { readFile, stat } from 'node:fs/promises'
import { noonmarkError } from '../errors.ts'

/**
 * Checks that a file that the user named is there. `path` names the argument or option.
 * @throws not_found
 */
export async function checkGivenFile(file: string, path: string): Promise<void> {
  const found = await stat(file).catch(() => null)
  if (found?.isFile()) return
  throw noonmarkError('not_found', {
    message: found === null ? `There is no file ${file}.` : `${file} is not a file.`,
    hint: 'Correct the path.',
    path,
  })
}

/**
 * Reads a file that the user named.
 * @throws not_found
 */
export async function readGivenFile(file: string, path: string): Promise<string> {
  await checkGivenFile(file, path)
  return readFile(file, 'utf8')
}
