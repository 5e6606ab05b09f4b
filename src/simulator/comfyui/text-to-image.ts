/** The wrapper's own workflow for pictures, with what a request changes of it. */
export function textToImage(
  modifications: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const {
    prompt = "",
    negative_prompt = "",
    width = 512,
    height = 512,
    steps = 20,
    seed = "__RANDOM_INT__",
    ckpt_name = "v1-5-pruned-emaonly-fp16.safetensors",
    sampler_name = "dpmpp_2m",
    scheduler = "normal",
    cfg = 8,
    denoise = 1,
  } = modifications;
  const sampling = { seed, steps, cfg, sampler_name, scheduler, denoise };
  const links = { model: ["4", 0], positive: ["6", 0], negative: ["7", 0], latent_image: ["5", 0] };
  return {
    3: { class_type: "KSampler", inputs: { ...sampling, ...links } },
    4: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name } },
    5: { class_type: "EmptyLatentImage", inputs: { width, height, batch_size: 1 } },
    6: { class_type: "CLIPTextEncode", inputs: { text: prompt, clip: ["4", 1] } },
    7: { class_type: "CLIPTextEncode", inputs: { text: negative_prompt, clip: ["4", 1] } },
    8: { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
    9: { class_type: "SaveImage", inputs: { filename_prefix: "image", images: ["8", 0] } },
  };
}
