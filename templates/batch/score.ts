/** Scores the renewals of the day: rows of a CSV in, the same rows with a probability out. `npm run score` */
import { readFileSync, writeFileSync } from 'node:fs'

const [input = 'data/due-today.csv', output = 'predictions.csv', url = 'http://127.0.0.1:4600'] = process.argv.slice(2)
const batchRows = 500

interface Answer {
  readonly rows: readonly {
    readonly results: Readonly<
      Record<string, { readonly output: { readonly probability: number }; readonly answered_by: string }>
    >
  }[]
}

const [head = '', ...lines] = readFileSync(input, 'utf8').trim().split('\n')
const columns = head.split(',')
const rows = lines.map((line) => {
  const row = Object.fromEntries(line.split(',').map((cell, i) => [columns[i]!, cell]))
  return { ...row, seats: Number(row.seats) }
})

const scored: string[] = [`${head},churn_probability,answered_by`]
for (let start = 0; start < rows.length; start += batchRows) {
  const response = await fetch(`${url}/v1/moments/renewal/predictions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rows: rows.slice(start, start + batchRows), deployments: ['renewal-churn'] }),
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  const answer = (await response.json()) as Answer
  for (const [i, { results }] of answer.rows.entries()) {
    const { output: predicted, answered_by } = results['renewal-churn']!
    scored.push(`${lines[start + i]},${predicted.probability.toFixed(4)},${answered_by}`)
  }
}
writeFileSync(output, `${scored.join('\n')}\n`)
console.log(`${rows.length} renewals scored into ${output}.`)
