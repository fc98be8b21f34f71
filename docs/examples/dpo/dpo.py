"""Tunes a chat model on preferences by DPO, with TRL's DPOTrainer."""

import sweeps
import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer

SETTINGS = {"learning_rate": 1e-5, "beta": 0.1, "per_device_train_batch_size": 8}


def main(config=SETTINGS):
    data = load_dataset("json", data_files={"train": "train.jsonl", "validation": "validation.jsonl"})
    args = DPOConfig(
        output_dir="out",
        num_train_epochs=3,
        eval_strategy="epoch",
        save_strategy="epoch",
        max_length=512,
        bf16=torch.cuda.is_available(),  # DPOConfig's own default asks for a GPU
        report_to="none",
        **config,
    )
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained("model"),
        args=args,
        train_dataset=data["train"],  # columns prompt, chosen, rejected
        eval_dataset=data["validation"],
        processing_class=AutoTokenizer.from_pretrained("model"),
        callbacks=[sweeps.SweepCallback()],
    )
    trainer.train(resume_from_checkpoint=sweeps.get_checkpoint())
    print(trainer.evaluate())


if __name__ == "__main__":
    main()
