import { csvText, dayMs, hourMs, iso, minuteMs, normal, seededRandom, sigmoid } from './csv.ts'

const days = 45
const rides = 8_000
/** Zones with how busy they are on an ordinary day. */
const zones: readonly (readonly [name: string, busy: number])[] = [
  ['airport', 0.9],
  ['center', 0.7],
  ['harbor', 0.1],
  ['north', -0.3],
  ['south', -0.5],
  ['west', -0.9],
]

/**
 * The made-up rides of the online template, up to an instant: the same for the same instant. Each zone has hours in which there
 * are too few drivers; riders wait longer then, and give up more often.
 */
export function rideFiles(endMs: number): Readonly<Record<string, string>> {
  const next = seededRandom(20_260)
  const startMs = endMs - days * dayMs
  const shortage = zones.map(([, busy]) => {
    let level = busy
    return Array.from({ length: days * 24 + 1 }, () => {
      level = busy + 0.88 * (level - busy) + 0.42 * normal(next)
      return level
    })
  })
  const requests: (readonly (string | number)[])[] = []
  const ends: (readonly [ended: number, row: readonly (string | number | boolean)[]])[] = []
  for (let i = 0; i < rides; i++) {
    const requestedMs = Math.floor((startMs + ((endMs - startMs) * (i + next())) / rides) / 1000) * 1000
    const place = Math.floor(next() * zones.length)
    const zone = zones[place]![0]
    const hour = Math.floor((requestedMs - startMs) / hourMs)
    const waited = Math.max(1, 8 + 6 * shortage[place]![hour]! + 2.5 * normal(next))
    const distance = Math.round(10 * Math.exp(1.5 + 0.7 * normal(next))) / 10
    const night = new Date(requestedMs).getUTCHours() < 5 ? 0.5 : 0
    const cancelled = next() < sigmoid(-3.1 + 0.17 * waited - 0.06 * distance + night)
    const minutes = cancelled ? waited * (0.4 + 0.6 * next()) : waited + 4 + 2.2 * distance
    const id = `ride-${String(i + 1).padStart(5, '0')}`
    requests.push([id, zone, Math.max(0.4, distance), iso(requestedMs)])
    const endedMs = requestedMs + Math.round(minutes * 60) * 1000
    // A ride that had not ended when the file was written is not in it.
    if (endedMs < endMs && endedMs - requestedMs < 110 * minuteMs)
      ends.push([endedMs, [id, zone, cancelled, Math.round(10 * waited) / 10, iso(endedMs)]])
  }
  ends.sort(([a], [b]) => a - b)
  return {
    'data/ride-requests.csv': csvText(['ride_id', 'zone', 'distance_km', 'requested_at'], requests),
    'data/ride-ends.csv': csvText(
      ['ride_id', 'zone', 'cancelled', 'waited_minutes', 'ended_at'],
      ends.map(([, row]) => row),
    ),
  }
}
