import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { noonmarkError } from '../errors.ts'
import { dial, dialResting, listen } from './channel.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const path = () => join(mkdtempSync(join(tmpdir(), 'nm-')), 's')

async function pair(methods: Parameters<typeof listen>[1], at = path()) {
  const heard: [string, unknown][] = []
  const server = await listen(at, methods, () => [['hello', 1]])
  let connected = () => {}
  const ready = new Promise<void>((resolve) => {
    connected = resolve
  })
  const client = dial(at, {
    peer: 'writer',
    onAnnounce: (event, data) => heard.push([event, data]),
    onConnect: connected,
  })
  closing.push(
    () => server.close(),
    () => client.close(),
  )
  await ready
  return { server, client, heard, at }
}

describe('the channel between processes', () => {
  it('carries bigints, bytes and large values, many calls at once, each to its own answer', async () => {
    const { client } = await pair({ echo: (input: unknown) => input })
    const inputs = [
      1n,
      new Uint8Array([1, 2]),
      'x'.repeat(3_000_000),
      { deep: [null, true] },
      ...Array.from({ length: 500 }, (_, i) => i),
    ]
    expect(await Promise.all(inputs.map((input) => client.call('echo', input)))).toEqual(inputs)
  })

  it('carries errors of the table with code, hint and path', async () => {
    const { client } = await pair({
      fail: () => {
        throw noonmarkError('row_invalid', { message: 'no', hint: 'yes', path: 'events[3].id' })
      },
    })
    await expect(client.call('fail', null)).rejects.toMatchObject({
      code: 'row_invalid',
      message: 'no',
      hint: 'yes',
      path: 'events[3].id',
    })
    await expect(client.call('other', null)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('announces to everyone, and greets who comes later', async () => {
    const { server, client, heard } = await pair({ ping: () => 1 })
    server.announce('frontier', { landings: 5 })
    await client.call('ping', null)
    expect(heard).toEqual([
      ['hello', 1],
      ['frontier', { landings: 5 }],
    ])
  })

  it('refuses calls while the other side is away, and finds it again', async () => {
    const { server, client, at } = await pair({ ping: () => 1, hang: () => new Promise(() => {}) })
    const hanging = client.call('hang', null)
    const outcome = expect(hanging).rejects.toMatchObject({ code: 'writer_unavailable' })
    await server.close()
    await outcome
    await expect(client.call('ping', null)).rejects.toMatchObject({ code: 'writer_unavailable' })
    const again = await listen(at, { ping: () => 2 })
    closing.push(() => again.close())
    while (!client.connected) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await client.call('ping', null)).toBe(2)
  })

  it('tells the caller of a process that is stuck when the deadline is over, and others at once until it speaks again', async () => {
    const program = `
      const { listen } = await import(${JSON.stringify(new URL('./channel.ts', import.meta.url).href)})
      await listen(process.argv[1], { ping: () => 1 })
      console.log('listening')`
    const at = path()
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, at], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    closing.push(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    const client = dial(at, { peer: 'writer' })
    closing.push(() => client.close())
    while (!client.connected) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await client.call('ping', null, { deadlineMs: 60_000 })).toBe(1)
    expect(client.responsive).toBe(true)
    child.kill('SIGSTOP')
    await expect(client.call('ping', null, { deadlineMs: 300 })).rejects.toMatchObject({
      code: 'writer_unavailable',
      message: expect.stringContaining('0.3 s'),
    })
    while (client.responsive) await expect(client.call('ping', null, { deadlineMs: 600 })).rejects.toThrow()
    await expect(client.call('ping', null)).rejects.toMatchObject({
      message: expect.stringContaining('does not answer'),
    })
    child.kill('SIGCONT')
    while (!client.responsive) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await client.call('ping', null)).toBe(1)
  })
})

describe('a process that rests', () => {
  it('is woken by the call that needs it, each time that it is gone, and refused when it does not come', async () => {
    const at = path()
    let wakes = 0
    let server: Awaited<ReturnType<typeof listen>> | null = null
    let comes = true
    const wake = () => {
      wakes++
      if (comes) listen(at, { ping: () => wakes }).then((opened) => (server = opened))
    }
    const client = dialResting(at, { peer: 'worker', wake, patienceMs: 300 })
    closing.push(
      () => server?.close(),
      () => client.close(),
    )
    expect(client.responsive).toBe(true)
    expect(await Promise.all([client.call('ping', null), client.call('ping', null)])).toEqual([1, 1])
    await server!.close()
    await until(async () => (await client.call('ping', null).catch(() => 0)) === 2)
    await server!.close()
    comes = false
    await until(
      async () => (await client.call('ping', null).catch(codeOf)) === 'worker_unavailable' && !client.responsive,
    )
    comes = true
    await until(async () => typeof (await client.call('ping', null).catch(() => null)) === 'number')
    expect(client.responsive).toBe(true)
  })
})

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code // an error of the table

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}
