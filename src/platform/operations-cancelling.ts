import { type ErrorCode, noonmarkError } from '../errors.ts'
import type { OfflineEngine } from '../offline/index.ts'

/** An engine that begins nothing more, and gives up between features, once a signal is aborted. */
export function cancellableEngine(engine: OfflineEngine, signal: AbortSignal, code: ErrorCode): OfflineEngine {
  const check = (): void => {
    if (signal.aborted) throw noonmarkError(code)
  }
  const checked =
    <A extends readonly unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      check()
      return call(...given)
    }
  return {
    name: engine.name,
    listHistory: checked(engine.listHistory),
    readSource: checked(engine.readSource),
    readMoments: checked(engine.readMoments),
    outcomes: checked(engine.outcomes),
    writeTable: checked(engine.writeTable),
    readTable: checked(engine.readTable),
    features: checked((request) =>
      engine.features({
        ...request,
        onProgress(done, total) {
          check()
          request.onProgress?.(done, total)
        },
      }),
    ),
    close: () => engine.close(),
  }
}
