// The tests say `await using`, and the compiler makes it work with these. WebKit has no such symbols.
for (const name of ['dispose', 'asyncDispose'])
  if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol(`Symbol.${name}`) })
