const WORDS = (
  "anchor apple autumn basket bell birch candle canyon cedar cliff cloud copper coral desert ember falcon feather " +
  "fern field flint fog forest fountain glacier grain hammer harvest hill island ivory kettle lantern leaf linen " +
  "maple marble meadow mirror moss needle oak ocean orchard otter pebble pepper pine plough quartz rain raven reed " +
  "ribbon rope saddle salt shell silver snow sparrow spring summit thread thunder tide timber valley velvet violin " +
  "walnut whistle willow winter wool"
).split(" ");

/** Words drawn at random, so that no model has their answer in its cache. */
export function randomWords(count: number): string {
  return Array.from({ length: count }, () => WORDS[Math.floor(Math.random() * WORDS.length)]).join(" ");
}

/** The same, as a text of so many characters. */
export function randomText(characters: number): string {
  return `${randomWords(characters).slice(0, characters - 1)}.`;
}
