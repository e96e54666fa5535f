"""The ways that lead to people outside of the application: mail, web push, SMS, chat."""
