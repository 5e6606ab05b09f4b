/** An input of a node, as ComfyUI describes it: its type, or the values to choose from; and its limits. */
export type InputSpec = readonly [
  type: string | readonly string[],
  limits?: { readonly min?: number; readonly max?: number; readonly default?: string | number },
];

/** A kind of node, as `GET /object_info` shows it. */
interface NodeClass {
  readonly input: {
    readonly required: Readonly<Record<string, InputSpec>>;
    readonly optional?: Readonly<Record<string, InputSpec>>;
  };
  /** Types of its outputs, by slot. */
  readonly output: readonly string[];
  /** Whether it saves files. A workflow needs such a node. */
  readonly output_node: boolean;
}

const SEED: InputSpec = ["INT", { default: 0, min: 0, max: 2 ** 53 }];
const STEPS: InputSpec = ["INT", { default: 20, min: 1, max: 10_000 }];
const SIDE: InputSpec = ["INT", { default: 512, min: 16, max: 4096 }];
const BATCH: InputSpec = ["INT", { default: 1, min: 1, max: 64 }];
const STRENGTH: InputSpec = ["FLOAT", { default: 1, min: -100, max: 100 }];
const SHIFT: InputSpec = ["FLOAT", { default: 3, min: 0, max: 100 }];
const SWITCH: InputSpec = [["enable", "disable"]];

const SAMPLING = {
  cfg: ["FLOAT", { default: 8, min: 0, max: 100 }],
  sampler_name: [["euler", "euler_ancestral", "heun", "dpmpp_2m", "dpmpp_2m_sde", "uni_pc", "res_multistep"]],
  scheduler: [["simple", "normal", "karras", "exponential", "sgm_uniform", "beta"]],
  positive: ["CONDITIONING"],
  negative: ["CONDITIONING"],
  latent_image: ["LATENT"],
} as const satisfies Record<string, InputSpec>;

const CHECKPOINTS = ["ace_step_v1_3.5b.safetensors", "v1-5-pruned-emaonly-fp16.safetensors"] as const;
const DIFFUSION_MODELS = [
  "wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors",
  "wan2.2_t2v_low_noise_14B_fp8_scaled.safetensors",
] as const;
const LORAS = [
  "wan2.2_t2v_lightx2v_4steps_lora_v1.1_high_noise.safetensors",
  "wan2.2_t2v_lightx2v_4steps_lora_v1.1_low_noise.safetensors",
] as const;

/** The installed model files. */
export const MODEL_FILES = [...CHECKPOINTS, ...DIFFUSION_MODELS, ...LORAS] as const;

const takes = (required: Record<string, InputSpec>, ...output: readonly string[]): NodeClass => ({
  input: { required },
  output,
  output_node: false,
});

const saves = (required: Record<string, InputSpec>): NodeClass => ({
  input: { required },
  output: [],
  output_node: true,
});

const PREFIX: InputSpec = ["STRING", { default: "ComfyUI" }];

/** A node class by its name. */
export function nodeClass(name: string): NodeClass | undefined {
  return Object.hasOwn(NODE_CLASSES, name) ? NODE_CLASSES[name] : undefined;
}

/** The nodes that the simulated ComfyUI has: those of text to picture, Wan 2.2 and ACE Step. */
export const NODE_CLASSES: Readonly<Record<string, NodeClass>> = {
  CheckpointLoaderSimple: takes({ ckpt_name: [CHECKPOINTS] }, "MODEL", "CLIP", "VAE"),
  UNETLoader: takes(
    { unet_name: [DIFFUSION_MODELS], weight_dtype: [["default", "fp8_e4m3fn", "fp8_e5m2"]] },
    "MODEL",
  ),
  CLIPLoader: {
    input: {
      required: {
        clip_name: [["umt5_xxl_fp8_e4m3fn_scaled.safetensors"]],
        type: [["stable_diffusion", "sd3", "flux", "wan", "ace"]],
      },
      optional: { device: [["default", "cpu"]] },
    },
    output: ["CLIP"],
    output_node: false,
  },
  VAELoader: takes({ vae_name: [["wan_2.1_vae.safetensors"]] }, "VAE"),
  LoraLoaderModelOnly: takes({ model: ["MODEL"], lora_name: [LORAS], strength_model: STRENGTH }, "MODEL"),
  ModelSamplingSD3: takes({ model: ["MODEL"], shift: SHIFT }, "MODEL"),
  LatentOperationTonemapReinhard: takes({ multiplier: STRENGTH }, "LATENT_OPERATION"),
  LatentApplyOperationCFG: takes({ model: ["MODEL"], operation: ["LATENT_OPERATION"] }, "MODEL"),
  CLIPTextEncode: takes({ text: ["STRING"], clip: ["CLIP"] }, "CONDITIONING"),
  TextEncodeAceStepAudio: takes(
    { clip: ["CLIP"], tags: ["STRING"], lyrics: ["STRING"], lyrics_strength: STRENGTH },
    "CONDITIONING",
  ),
  ConditioningZeroOut: takes({ conditioning: ["CONDITIONING"] }, "CONDITIONING"),
  EmptyLatentImage: takes({ width: SIDE, height: SIDE, batch_size: BATCH }, "LATENT"),
  EmptyHunyuanLatentVideo: takes(
    { width: SIDE, height: SIDE, length: ["INT", { default: 25, min: 1, max: 4096 }], batch_size: BATCH },
    "LATENT",
  ),
  EmptyAceStepLatentAudio: takes(
    { seconds: ["FLOAT", { default: 120, min: 1, max: 1000 }], batch_size: BATCH },
    "LATENT",
  ),
  KSampler: takes(
    {
      model: ["MODEL"],
      seed: SEED,
      steps: STEPS,
      ...SAMPLING,
      denoise: ["FLOAT", { default: 1, min: 0, max: 1 }],
    },
    "LATENT",
  ),
  KSamplerAdvanced: takes(
    {
      model: ["MODEL"],
      add_noise: SWITCH,
      noise_seed: SEED,
      steps: STEPS,
      ...SAMPLING,
      start_at_step: ["INT", { default: 0, min: 0, max: 10_000 }],
      end_at_step: ["INT", { default: 10_000, min: 0, max: 10_000 }],
      return_with_leftover_noise: SWITCH,
    },
    "LATENT",
  ),
  VAEDecode: takes({ samples: ["LATENT"], vae: ["VAE"] }, "IMAGE"),
  VAEDecodeAudio: takes({ samples: ["LATENT"], vae: ["VAE"] }, "AUDIO"),
  CreateVideo: takes({ images: ["IMAGE"], fps: ["FLOAT", { default: 30, min: 1, max: 120 }] }, "VIDEO"),
  SaveImage: saves({ images: ["IMAGE"], filename_prefix: PREFIX }),
  SaveVideo: saves({
    video: ["VIDEO"],
    filename_prefix: PREFIX,
    format: [["auto", "mp4"]],
    codec: [["auto", "h264"]],
  }),
  SaveAudio: saves({ audio: ["AUDIO"], filename_prefix: PREFIX }),
};
