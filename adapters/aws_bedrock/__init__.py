"""AWS Bedrock: who may call which model, what the organisation forbids, which guardrail is enforced, what runs."""

from adapters.aws_bedrock.adapter import AwsBedrock

ADAPTER = AwsBedrock
