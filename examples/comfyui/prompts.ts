/** What is painted to measure a GPU: many kinds of pictures, since none costs more than another. */
export const PROMPTS = [
  "a lighthouse on a basalt cliff in a winter storm, long exposure",
  "an open greenhouse full of ferns, morning light through wet glass",
  "a street market at night in the rain, paper lanterns, reflections",
  "a paper boat on a puddle, autumn leaves, macro photograph",
  "an old tram climbing a hill between pastel houses, watercolour",
  "a fox asleep under snow-laden firs, soft blue shadows",
  "a clockmaker's bench seen from above, brass gears, warm lamp",
  "terraced rice fields at sunrise, mist in the valleys, aerial view",
  "a red bicycle against a whitewashed wall, hard noon shadows",
  "a whale swimming through clouds above a sleeping town, ink drawing",
  "a bowl of plums on a linen cloth, oil painting, dark background",
] as const;
