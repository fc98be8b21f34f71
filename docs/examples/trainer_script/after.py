"""Fine-tunes a text classifier on train.csv, with a plain transformers Trainer."""

import sweeps
from datasets import load_dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments

SETTINGS = {"learning_rate": 5e-4, "per_device_train_batch_size": 8, "weight_decay": 0.01}


def accuracy(predictions):
    return {"accuracy": (predictions.predictions.argmax(-1) == predictions.label_ids).mean()}


def main(config=SETTINGS):
    tokenizer = AutoTokenizer.from_pretrained("model")
    data = load_dataset("csv", data_files={"train": "train.csv", "validation": "validation.csv"})
    data = data.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)
    args = TrainingArguments(
        output_dir="out",
        num_train_epochs=4,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
        **config,
    )
    trainer = Trainer(
        model=AutoModelForSequenceClassification.from_pretrained("model", num_labels=2),
        args=args,
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        processing_class=tokenizer,
        compute_metrics=accuracy,
        callbacks=[sweeps.SweepCallback()],
    )
    trainer.train(resume_from_checkpoint=sweeps.get_checkpoint())
    print(trainer.evaluate())


if __name__ == "__main__":
    main()
