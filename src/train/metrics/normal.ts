/** The 97.5 % quantile of the standard normal distribution: a 95 % interval is this many deviations to either side. */
export const normalQuantile975 = 1.959963984540054

/**
 * The probability that a standard normal number lies at least |z| from 0, to about 1e-14 relative: the Taylor series of the error
 * function near 0 (Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.6), the continued fraction of the complement
 * beyond (7.1.14).
 */
export function normalTwoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const density = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)
  if (x < 2) {
    let term = x
    let sum = x
    for (let odd = 3; term > sum * 1e-17; odd += 2) {
      term *= (2 * x * x) / odd
      sum += term
    }
    return 1 - density * sum
  }
  let fraction = x
  for (let step = 120; step > 0; step--) fraction = x + step / 2 / fraction
  return density / 2 / fraction
}
