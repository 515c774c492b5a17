import { defineConfig } from 'vitest/config'

/** Harm to stores, disks, clocks and tables through whole platforms: minutes of starting and killing that `npm test` leaves out. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: '100%',
  },
})
