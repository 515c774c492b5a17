/**
 * A small project in a temporary folder with its platform open and a server before it, all in this process: the worker is called
 * directly instead of over its socket. Trainings have a process of their own, as always.
 */
import { createHttpServer, type HttpServer, type ProjectContext, serveRoutes } from '../../src/http/index.ts'
import type { TrainingRecords, Worker } from '../../src/http/work.ts'
import { currentManifest, emptyManifest } from '../../src/plan/index.ts'
import { type OpenWorker, openWorker } from '../../src/platform/operations.ts'
import { trainingRecords } from '../../src/platform/operations-records.ts'
import { openPlatform, type Platform } from '../../src/platform.ts'
import { historyTo, projectFiles, removeProject, writeProject } from '../e2e/small-project.ts'

/** What is open. */
export interface PlatformWorld {
  readonly folder: string
  readonly platform: Platform
  readonly worker: OpenWorker
  /** Asks a route; the body as JSON. */
  readonly ask: (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
  ) => Promise<{ readonly status: number; readonly json: unknown; readonly text: string }>
  /** Listens too, and says where. */
  readonly listen: () => Promise<string>
  /** Routes answer for what is applied now. */
  readonly refresh: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens the world; nothing is applied yet. */
export async function openPlatformWorld(): Promise<PlatformWorld> {
  const folder = writeProject(projectFiles())
  const platform = await openPlatform({ rootDir: folder, clockMs: historyTo })
  const worker = openWorker(platform)
  const { project, clock, metadata, blobs } = platform
  let manifest = emptyManifest(project)
  const context: Pick<ProjectContext, 'project' | 'manifest' | 'clock' | 'advanceClock' | 'outcomes'> & {
    training: { records: TrainingRecords; worker: Worker }
  } = {
    project,
    manifest: () => manifest,
    clock,
    advanceClock: null,
    outcomes: null,
    training: { records: trainingRecords(platform), worker },
  }
  const serverAt = (port: number): HttpServer =>
    createHttpServer({
      context: {
        project: () => context as ProjectContext, // routes of serving are not asked here
        metrics: async () => ({ contentType: 'text/plain', text: '' }),
        health: async () => ({ ready: true, checks: {} }),
      },
      routes: serveRoutes,
      port,
    })
  const port = 7788
  const server = serverAt(port)
  let listening: HttpServer | null = null
  return {
    folder,
    platform,
    worker,
    async ask(method, path, body) {
      const response = await server.instance.inject({
        method,
        url: path,
        headers: {
          host: `localhost:${port}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      })
      const isJson = String(response.headers['content-type']).includes('json')
      return { status: response.statusCode, json: isJson ? response.json() : null, text: response.body }
    },
    listen() {
      listening = serverAt(0)
      return listening.listen()
    },
    async refresh() {
      manifest = (await currentManifest(metadata, blobs, project))?.manifest ?? manifest
    },
    async close() {
      await server.close()
      await listening?.close()
      await worker.close()
      await platform.close()
      removeProject(folder)
    },
  }
}
