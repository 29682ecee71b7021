/** For how long a fuzz runs. Only a number of inputs makes two runs of one seed the same. */
export type Span = { readonly inputs: number } | { readonly seconds: number }

/** Makes the function that says whether a fuzz goes on after so many inputs. */
export function createSpan(span: Span): (done: number) => boolean {
  if ('inputs' in span) return (done) => done < span.inputs
  const until = performance.now() + span.seconds * 1_000
  return () => performance.now() < until
}
