"""What the screens share: services, navigation, session state, the lab panel, charts."""
