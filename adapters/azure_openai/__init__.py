"""Azure OpenAI: deployments, filters, blocklists and the account's own doors, by Azure Resource Manager."""

from adapters.azure_openai.adapter import AzureOpenAI

ADAPTER = AzureOpenAI
