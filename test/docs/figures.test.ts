// Goal: the README shows what the demo measured. Method: its figures are made from docs/figures.json, the demo's own JSON;
// `npm run docs` writes them, and CI holds a fresh demo against that file.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { DemoFigures, Judged } from '../../examples/01-flight-delay/summary.ts'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const figures: DemoFigures = JSON.parse(readFileSync(file('docs/figures.json'), 'utf8'))

const auc = ({ auc: value, low, high }: Judged) => `${value.toFixed(3)} (${low.toFixed(3)} – ${high.toFixed(3)})`
const number = (value: number) => value.toLocaleString('en')

function table(): string {
  const { models, replay, parity, training, seconds, moments } = figures
  return [
    `| AUC with its 95 % interval | May, ${number(models[0]!.may.rows)} moments | replayed week of June, ${number(models[0]!.june.rows)} matured moments |`,
    '|---|---|---|',
    ...models.map(({ name, may, june }) => `| ${name} | ${auc(may)} | ${auc(june)} |`),
    '',
    '| | |',
    '|---|---|',
    `| training set | ${number(training.rows)} moments train, ${number(training.validation)} validate |`,
    `| stopped before training | ${figures.leaking} |`,
    `| replay through HTTP | ${number(replay.predictions)} predictions, ${number(replay.acceptedEvents)} events, ${number(replay.duplicateEvents)} repeats recognised, ${number(replay.lateEvents)} late |`,
    `| outcomes | ${number(moments.matured)} of ${number(moments.answered)} moments matured |`,
    `| parity | ${number(parity.compared)} served values compared with the offline engine: ${number(parity.equal)} equal, ${number(parity.differing)} differing |`,
    `| the whole demo | ${Math.round(seconds.total ?? 0)} s and ${number(figures.peakMemoryMb ?? 0)} MB for all processes together, on 2 cores |`,
  ].join('\n')
}

describe('the figures of the README', () => {
  it('are those of the demo', () => {
    const readme = readFileSync(file('README.md'), 'utf8')
    const [, before = '', shown = '', after = ''] =
      /^([\s\S]*<!-- figures[^\n]*-->\n)([\s\S]*?)(<!-- end of figures -->[\s\S]*)$/.exec(readme) ?? []
    if (process.env.UPDATE_DOCS === '1') writeFileSync(file('README.md'), `${before}${table()}\n${after}`)
    else expect(shown.trim()).toBe(table())
  })

  it('have parity without a difference', () => {
    expect(figures.parity.compared).toBeGreaterThan(500_000)
    expect(figures.parity.differing).toBe(0)
  })
})
