"""Images: what containers find beside Python, as a recipe. host/ builds it."""
