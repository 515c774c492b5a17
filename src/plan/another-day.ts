/** Far enough that year, month, weekday, hour, minute, second and millisecond all differ: 400 days 5 h 17 min 13.137 s. */
const shiftMs = 400 * 86_400_000 + 5 * 3_600_000 + 17 * 60_000 + 13_137

/**
 * The code of a bundle with another clock: what reads the time of day while definitions are made says something else.
 * The clock is a constant of the bundle's own module, so nothing outside it notices. The line numbers stay.
 */
export function onAnotherDay(code: string): string {
  const now = `target.now() + ${shiftMs}`
  return `const Date = new Proxy(globalThis.Date, { construct: (target, inputs, of) => Reflect.construct(target, inputs.length === 0 ? [${now}] : inputs, of), apply: (target) => new target(${now}).toString(), get: (target, name) => name === 'now' ? () => ${now} : Reflect.get(target, name) }); ${code}`
}
