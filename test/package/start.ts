/**
 * Goal: docs/start.md leads a newcomer to a served, watched model. Method: follow the page to the letter, from the packed package in
 * an empty folder, with a file that was never in the project: every TypeScript block is written to the file that it names, every
 * line of a shell block is run, in the order of the page. Two things are not literal: the tarball stands for the registry, and a
 * free port for 4600.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { random } from '../e2e/small-project.ts'
import { type Background, expect, freePort, root, run, startServer, withTarball } from './packed.ts'

const page = readFileSync(join(root, 'docs/start.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}))

/** Orders until the night of the page: some warehouses are late, and more so on some days. Names and numbers are new each time. */
function orders(seed: number): string {
  const next = random(seed)
  const head = /^```csv\n(.*)$/m.exec(page)?.[1] ?? ''
  const endMs = Date.parse('2026-03-20T00:00:00Z')
  const pad = (value: number) => String(value).padStart(2, '0')
  // The page's zone: an hour before UTC until the end of March.
  const local = (ms: number) => {
    const at = new Date(ms + 3_600_000)
    return `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())} ${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}:${pad(at.getUTCSeconds())}`
  }
  const warehouses = ['harbor', 'north', 'south', 'east', 'west']
  const carriers = { ox: 10, swift: -8, [`c${seed % 1000}`]: 0 }
  const strain = warehouses.map(() => 0)
  const rows: (readonly [number, string])[] = []
  for (let orderedMs = Date.parse('2026-01-05T05:00:00Z'), i = 0; orderedMs < endMs; i++) {
    const place = Math.floor(next() * warehouses.length)
    strain[place] = 0.97 * strain[place]! + 4 * (next() - 0.5)
    const [carrier, slower] = Object.entries(carriers)[Math.floor(next() * 3)]!
    const weight = Math.round(100 * (0.2 + 12 * next() ** 3)) / 100
    const hours = Math.max(2, 30 + 7 * (place - 2) + 4 * strain[place]! + slower + weight + 16 * (next() - 0.5))
    const deliveredMs = Math.floor(orderedMs + hours * 3_600_000)
    const cells = [
      `A${100_000 + i}`,
      warehouses[place],
      carrier,
      weight,
      'NL',
      local(orderedMs),
      local(deliveredMs),
      hours > 48,
    ]
    if (deliveredMs < endMs - 3_600_000) rows.push([deliveredMs, cells.join(',')])
    orderedMs += Math.floor(next() * 50 * 60_000)
  }
  return `${[head, ...rows.map(([, row]) => row)].join('\n')}\n`
}

async function follow(tarball: string, folder: string): Promise<void> {
  const port = await freePort()
  const seed = Date.now() % 100_000
  console.log(`seed ${seed}`)
  const start = join(folder, 'empty')
  mkdirSync(start)
  writeFileSync(join(start, 'orders.csv'), orders(seed))
  let cwd = start
  let server: Background | undefined
  const said: string[] = []
  try {
    for (const { language, text } of blocks) {
      if (language === 'ts') {
        const file = /^\/\/ (\S+)/.exec(text)![1]! // test/docs looks that it is there
        mkdirSync(dirname(join(cwd, file)), { recursive: true })
        writeFileSync(join(cwd, file), text)
      }
      if (language !== 'sh') continue
      for (const line of text.trim().split('\n')) {
        const command = line.replaceAll(':4600', `:${port}`)
        console.log(`$ ${command}`)
        if (command.startsWith('cd ')) cwd = join(cwd, command.slice(3))
        else if (/ noonmark dev\b/.test(command)) server = await startServer(`${command} --port ${port}`, cwd)
        else {
          const output = run(
            'sh',
            ['-c', command.replace('npx noonmark init', `npx --yes --package='${tarball}' noonmark init`)],
            cwd,
          )
          console.log(output.trimEnd())
          said.push(output)
        }
      }
    }
    const all = said.join('\n')
    expect(all.includes('the same in every row'), 'import says what is suspicious')
    expect(/\d+ passed, 0 failed/.test(all), 'npm test passes')
    expect(all.includes('version late-order:1'), 'the model trains and passes its checks')
    expect(all.includes('"answered_by":"champion"'), 'the champion answers')
    const monitors = said.at(-1)!
    expect(/\b0 differ/.test(monitors), 'parity has no difference')
    const measured = JSON.parse(
      run('npx', ['noonmark', 'monitors', 'run', '--server', `http://127.0.0.1:${port}`, '--json'], cwd),
    )
    expect(measured.parity.compared > 0 && measured.parity.differing === 0, 'served values equal those of the tables')
    const watched = JSON.stringify(measured.moments[0].performance)
    expect(watched.includes('late-order:1') && watched.includes('champion'), 'the version is watched')
    expect(/late-order:1\s+champion\s+1\s+1\s+1\b/.test(monitors), 'its prediction met its outcome')
  } finally {
    await server?.stop()
  }
}

await withTarball(follow)
