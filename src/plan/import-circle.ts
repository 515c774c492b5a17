import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'

/**
 * The circle of imports that a file of a project stands in, from the file back to itself, or null. Only asked for when
 * definitions could not be made: files that import each other are no fault as long as nothing is read too early.
 * @param inputs the absolute paths of the files of the project
 */
export async function circleThrough(
  file: string,
  rootDir: string,
  inputs: readonly string[],
): Promise<readonly string[] | null> {
  const root = resolve(rootDir)
  const own = new Set(inputs.filter((input) => !input.includes(`${sep}node_modules${sep}`)))
  const start = resolve(root, file)
  const cameFrom = new Map<string, string>()
  const open = [start]
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    for (const imported of await importsOf(next, own)) {
      if (imported === start) {
        const circle = [start]
        for (let step: string | undefined = next; step !== undefined && step !== start; step = cameFrom.get(step))
          circle.unshift(step)
        return [start, ...circle].map((path) => relative(root, path).split(sep).join('/'))
      }
      if (cameFrom.has(imported)) continue
      cameFrom.set(imported, next)
      open.push(imported)
    }
  }
  return null
}

/** The files of the project that a file imports, by the text of its import statements. */
async function importsOf(file: string, own: ReadonlySet<string>): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const found = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(['"])(\.{1,2}\/[^'"]+)\1/g)]
  return found.flatMap((match) => {
    const path = resolve(dirname(file), match[2] ?? '')
    const candidates = [path, path.replace(/\.([mc]?)js$/, '.$1ts'), `${path}.ts`, `${path}.js`, `${path}/index.ts`]
    const hit = candidates.find((candidate) => own.has(candidate))
    return hit === undefined ? [] : [hit]
  })
}
