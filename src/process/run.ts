/** The entry of a run process: `node run.js <job folder>`. One training each, with limits of its own. */
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { errorBody } from '../errors.ts'
import { duckdbEngine } from '../offline/drivers/duckdb.ts'
import { jobFiles, progressLine, runTrainer } from '../train/index.ts'

const folder = process.argv[2] ?? '.'
/** More would take from those who answer requests on the same machine. */
const threads = Math.min(2, availableParallelism())
const engine = duckdbEngine({
  rootDir: folder,
  memoryLimitMb: 512,
  threads,
  tempDirectory: join(folder, 'temporary'),
})
try {
  await runTrainer(folder, engine, {
    threads,
    onProgress: (progress) => console.log(progressLine(progress)),
  })
} catch (error) {
  const { code, message, hint } = errorBody(error).error
  await writeFile(join(folder, jobFiles.error), JSON.stringify({ code, message, hint }))
  console.error(error)
  process.exitCode = 1
} finally {
  await engine.close()
}
