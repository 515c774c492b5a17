/** Plays the application: asks for predictions at the moment, and reports what became of the rides. `npm run traffic` */
const url = process.argv[2] ?? 'http://127.0.0.1:4600'
const rides = 200

async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T // the API's own answer
}

interface Answer {
  readonly results: Readonly<
    Record<string, { readonly answered_by: string; readonly output: { readonly probability: number } }>
  >
}

const zones = ['airport', 'center', 'harbor', 'north', 'south', 'west']
const ids = Array.from({ length: rides }, (_, i) => `live-${Date.now()}-${i}`)
const zoneOf = (i: number): string => zones[i % zones.length]!

const by = new Map<string, number>()
for (const [i, ride_id] of ids.entries()) {
  const row = { ride_id, zone: zoneOf(i), distance_km: 1 + (i % 17) }
  const { results } = await post<Answer>('/v1/moments/ride_request/predictions', row)
  const { answered_by, output } = results['ride-cancellation']!
  by.set(answered_by, (by.get(answered_by) ?? 0) + 1)
  if (i === 0) console.log(`The first answer: probability ${output.probability.toFixed(3)} from the ${answered_by}.`)
}
console.log(`${rides} predictions, by who answered: ${[...by].map(([who, count]) => `${who} ${count}`).join(', ')}.`)

const ended_at = new Date().toISOString()
const events = ids.map((ride_id, i) => {
  const waited_minutes = 2 + ((i * 7) % 20)
  return { ride_id, zone: zoneOf(i), cancelled: waited_minutes > 15, waited_minutes, ended_at }
})
const { accepted } = await post<{ readonly accepted: number }>('/v1/sources/ride_ends/events', { events })
console.log(`${accepted} outcomes reported. \`npx noonmark monitors run\` says how the predictions did.`)

export {}
