import { describe, expect, it } from 'vitest'
import { isNoonmarkError, noonmarkError } from '../errors.ts'
import { openJobs } from './operations-jobs.ts'

/** Work that ends when it is told to. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  return { work: () => promise, resolve, reject }
}

describe('jobs', () => {
  it('answer their result when it comes in time, else that they run', async () => {
    const jobs = openJobs()
    expect(await jobs.start('a', '1', 5_000, async () => 7)).toMatchObject({ status: 'done', result: 7, error: null })
    const { work, resolve } = held()
    const job = await jobs.start('a', '2', 0, work)
    expect(job).toMatchObject({ kind: 'a', status: 'running', result: null })
    resolve('late')
    expect(await jobs.start('b', '', 5_000, async () => null)).toMatchObject({ status: 'done' })
    expect(jobs.job(job.id)).toMatchObject({ status: 'done', result: 'late' })
  })

  it('are joined by whoever asks for the same while they run, and begun anew afterwards', async () => {
    const jobs = openJobs()
    const { work, resolve } = held()
    let begun = 0
    const counted = () => {
      begun++
      return work()
    }
    const first = await jobs.start('report', 'k', 0, counted)
    expect((await jobs.start('report', 'k', 0, counted)).id).toBe(first.id)
    resolve('done')
    await jobs.cancel(first.id)
    expect((await jobs.start('report', 'k', 1_000, counted)).id).not.toBe(first.id)
    expect(begun).toBe(2)
  })

  it('keep the error of their work, as it stands on the wire', async () => {
    const jobs = openJobs()
    const failed = await jobs.start('a', '', 5_000, async () => {
      throw noonmarkError('training_set_empty', { message: 'Nothing there.', path: 'model x' })
    })
    expect(failed).toMatchObject({
      status: 'failed',
      error: { code: 'training_set_empty', message: 'Nothing there.', path: 'model x' },
    })
  })

  it('go one after another, show how far they are, and are cancelled whether they wait or run', async () => {
    const jobs = openJobs()
    const first = await jobs.start('a', '1', 0, ({ signal, onProgress }) => {
      onProgress('half', 1, 2)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))
    })
    expect(jobs.job(first.id).progress).toEqual({ step: 'half', done: 1, total: 2 })
    const second = await jobs.start('a', '2', 0, async () => 'never')
    expect(second.status).toBe('running')
    expect(await jobs.cancel(second.id)).toMatchObject({ status: 'cancelled', error: { code: 'work_cancelled' } })
    await jobs.close()
    expect(jobs.job(first.id)).toMatchObject({ status: 'cancelled', progress: null, result: null })
  })

  it('are not known by another id', () => {
    try {
      openJobs().job('01')
      expect.unreachable()
    } catch (error) {
      expect(isNoonmarkError(error) && error.code).toBe('not_found')
    }
  })
})
