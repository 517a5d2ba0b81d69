class Resumer:
    def __call__(self, call_id, which):
        return ""
