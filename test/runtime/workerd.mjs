import * as holdfast from 'holdfast'
import { smoke } from 'smoke'

export default {
  async fetch(request) {
    const lines = []
    await smoke({
      holdfast,
      url: new URL(request.url).searchParams.get('url'),
      print: (line) => lines.push(line),
    })
    return new Response(lines.join('\n'))
  },
}
