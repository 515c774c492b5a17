import { defineConfig } from 'noonmark'

export default defineConfig({ project: '__PROJECT__' })
