import { access, constants, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { errorBody } from '../../errors.ts'
import { openPlatform } from '../../platform.ts'
import { type Command, optionText } from '../command.ts'

/** One thing that was looked at. */
interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
  readonly mend: string | null
}

const leastFreeBytes = 1024 ** 3

/** `noonmark doctor` */
export const doctor: Command = {
  verb: ['doctor'],
  group: 'Look around',
  summary: 'check the machine, the stores and the project, and say how to mend what is found',
  options: [{ name: 'port', value: 'number', summary: 'the port to look at (default 4600)' }],
  example: 'doctor',
  async run(context, input) {
    const found: Finding[] = []
    const look = async (check: string, work: () => Promise<string>): Promise<void> => {
      try {
        found.push({ check, ok: true, detail: await work(), mend: null })
      } catch (error) {
        const { message, hint } = errorBody(error).error
        found.push({ check, ok: false, detail: message, mend: hint })
      }
    }
    await look('node', async () => `${process.versions.node} on ${process.platform}-${process.arch}`)
    await look('disk', async () => {
      const { bavail, bsize } = await statfs(context.rootDir)
      if (bavail * bsize < leastFreeBytes)
        throw new Error(`${Math.round((bavail * bsize) / 1024 ** 2)} MiB are free; free at least 1 GiB`)
      return `${Math.round((bavail * bsize) / 1024 ** 3)} GiB free`
    })
    await look('folder', async () => {
      await access(context.rootDir, constants.W_OK)
      return context.rootDir
    })
    const port = Number(optionText(input, 'port') ?? 4600)
    await look('port', () => portFree(port))
    await look('project', async () => {
      const platform = await openPlatform({ rootDir: context.rootDir })
      try {
        const { manifest } = await platform.build()
        const applied = await platform.applied().catch(() => null)
        const kinds = `${Object.keys(manifest.sources).length} sources, ${Object.keys(manifest.featureViews).length} feature views, ${Object.keys(manifest.models).length} models`
        return `${platform.project}: ${kinds}; ${applied === null ? 'not applied yet' : `revision ${applied.revision} applied`}`
      } finally {
        await platform.close()
      }
    })
    await look('sources', async () => {
      const platform = await openPlatform({ rootDir: context.rootDir })
      try {
        const { manifest } = await platform.build()
        let rows = 0
        for (const source of Object.values(manifest.sources)) {
          if (source.history === null) continue
          const version = await platform.engine().listHistory(source, { rootDir: context.rootDir, cutoverMs: null })
          rows += version.files.reduce((sum, file) => sum + file.rows, 0)
        }
        return `${rows} rows of history can be read`
      } finally {
        await platform.close()
      }
    })
    const ok = found.every((one) => one.ok)
    return {
      json: { ok, findings: found },
      text: found
        .map(
          (one) =>
            `${one.ok ? 'ok  ' : 'MEND'}  ${one.check.padEnd(8)} ${one.detail}${one.mend === null ? '' : `\n                ${one.mend}`}`,
        )
        .join('\n'),
      exitCode: ok ? 0 : 1,
    }
  },
}

function portFree(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', () => reject(new Error(`port ${port} is in use; choose another with --port`)))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(`${port} is free`)))
  })
}
